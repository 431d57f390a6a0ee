using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Reads what /proc knows of a process, see proc_pid_stat(5) and proc_pid_cmdline(5).</summary>
internal sealed class ProcFileSystem(string root)
{
    /// <summary>Longer command lines are cut here.</summary>
    public const int MaxCommandLine = 4096;

    // USER_HZ is 100 on every architecture that .NET runs on.
    private const ulong NsPerTick = 1_000_000_000 / 100;
    private const int StartTimeField = 22;

    /// <summary>The arguments joined by spaces; null if that process is gone, has none (a kernel thread), or may not be read.</summary>
    public string? ReadCommandLine(ProcessKey process)
    {
        string directory = Path.Combine(root, process.Pid.ToString(CultureInfo.InvariantCulture));
        byte[] buffer = new byte[MaxCommandLine];
        // The pid may pass to another process at any moment: only if the same one is there before and after is what lies
        // between its own.
        if (!IsSame(directory, process, buffer))
            return null;
        int length = Read(Path.Combine(directory, "cmdline"), buffer);
        string? commandLine = length > 0 ? Join(buffer.AsSpan(0, length)) : null;
        return commandLine is not null && IsSame(directory, process, buffer) ? commandLine : null;
    }

    private static bool IsSame(string directory, ProcessKey process, byte[] buffer)
    {
        int length = Read(Path.Combine(directory, "stat"), buffer);
        return length > 0
            && TryParseStartTime(buffer.AsSpan(0, length), out ulong ticks)
            && ticks == process.StartBoottimeNs / NsPerTick;
    }

    /// <summary>Field 2, the name in parentheses, may itself hold spaces and parentheses: fields are counted from the last one.</summary>
    internal static bool TryParseStartTime(ReadOnlySpan<byte> stat, out ulong ticks)
    {
        ticks = 0;
        int name = stat.LastIndexOf((byte)')');
        if (name < 0)
            return false;
        ReadOnlySpan<byte> rest = stat[(name + 1)..];
        for (int field = 2; field < StartTimeField; field++)
        {
            int space = rest.IndexOf((byte)' ');
            if (space < 0)
                return false;
            rest = rest[(space + 1)..];
        }

        return Utf8Parser.TryParse(rest, out ticks, out int consumed) && consumed > 0;
    }

    private static string? Join(Span<byte> arguments)
    {
        bool cut = arguments.Length == MaxCommandLine;
        Span<byte> text = arguments.TrimEnd((byte)0);
        if (cut && text.Length == MaxCommandLine)
            text = WithoutPartialCharacter(text);
        text.Replace((byte)0, (byte)' ');
        return text.IsEmpty ? null : HostileText.Decode(text);
    }

    private static Span<byte> WithoutPartialCharacter(Span<byte> text)
    {
        for (int back = 1; back <= 4 && back <= text.Length; back++)
        {
            if ((text[^back] & 0xC0) == 0x80)
                continue;
            return Rune.DecodeFromUtf8(text[^back..], out _, out _) == System.Buffers.OperationStatus.NeedMoreData
                ? text[..^back]
                : text;
        }

        return text;
    }

    /// <summary>How many bytes were read; -1 if the file cannot be opened or read: mostly the process is gone.</summary>
    private static int Read(string path, Span<byte> buffer)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            int length = 0;
            while (length < buffer.Length)
            {
                int read = RandomAccess.Read(file, buffer[length..], length);
                if (read == 0)
                    break;
                length += read;
            }

            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }
}
