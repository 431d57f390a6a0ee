using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace KaTrace.Processes;

/// <summary>The question after a process' name in the .NET diagnostics protocol, and its answer, by dotnet/diagnostics
/// <c>documentation/design-docs/ipc-protocol.md</c>: "ProcessInfo2", which runtimes from 6.0 on answer.</summary>
internal static class DiagnosticsMessage
{
    public const int HeaderLength = 20;

    private const int MaxTextLength = 256;
    private const int PidAndCookieLength = 8 + 16;

    private static ReadOnlySpan<byte> Magic => "DOTNET_IPC_V1\0"u8;

    private const byte ServerCommandSet = 0xFF;
    private const byte Ok = 0x00;

    // Magic, length of all, command set "process", command "ProcessInfo2", reserved.
    public static readonly ReadOnlyMemory<byte> Question = (byte[])[.. Magic, HeaderLength, 0, 0x04, 0x04, 0, 0];

    /// <summary>How many bytes follow the header of an answer; -1: it is no answer, or an error. Never more than 64 KiB, as there are 16 bits.</summary>
    public static int AnswerLength(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderLength || !header.StartsWith(Magic) || header[16] != ServerCommandSet || header[17] != Ok)
            return -1;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(header[Magic.Length..]) - HeaderLength;
        return length >= 0 ? length : -1;
    }

    /// <summary>pid, cookie, command line, system, architecture, entry assembly, version of the runtime.</summary>
    public static bool TryParse(ReadOnlySpan<byte> answer, out ManagedProgram program)
    {
        program = default;
        if (answer.Length < PidAndCookieLength)
            return false;
        ReadOnlySpan<byte> rest = answer[PidAndCookieLength..];
        if (!TrySkip(ref rest) || !TrySkip(ref rest) || !TrySkip(ref rest)
            || !TryTake(ref rest, out string? assembly) || !TryTake(ref rest, out string? version))
        {
            return false;
        }

        program = new ManagedProgram(assembly, WithoutBuild(version));
        return true;
    }

    private static bool TrySkip(ref ReadOnlySpan<byte> rest) => TrySlice(ref rest, out _);

    private static bool TryTake(ref ReadOnlySpan<byte> rest, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!TrySlice(ref rest, out ReadOnlySpan<byte> units) || units.Length is 0 or > 2 * MaxTextLength)
            return false;
        text = Encoding.Unicode.GetString(units);
        return true;
    }

    /// <summary>A text is the number of its UTF-16 units, one of them for the NUL at its end, and these.</summary>
    private static bool TrySlice(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> units)
    {
        units = default;
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(rest, out uint count) || count > (uint)(rest.Length - sizeof(uint)) / 2)
            return false;
        ReadOnlySpan<byte> all = rest.Slice(sizeof(uint), 2 * (int)count);
        rest = rest[(sizeof(uint) + all.Length)..];
        if (!all.IsEmpty && !all.EndsWith((ReadOnlySpan<byte>)[0, 0]))
            return false;
        units = all.IsEmpty ? all : all[..^2];
        return true;
    }

    /// <summary>"10.0.1+80d3e14f5e" is 10.0.1 of some build.</summary>
    private static string WithoutBuild(string version) => version.Split('+')[0];
}
