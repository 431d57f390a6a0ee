using System.Globalization;
using System.Text;

namespace KaTrace.Processes;

/// <summary>A process as far as it is known. Immutable; holds its texts ready, so that writers only copy bytes.</summary>
internal sealed class ProcessIdentity
{
    private readonly byte[] _recordComm;
    private readonly byte[] _commUtf8;
    private readonly byte[] _nameText;
    private readonly byte[] _commandLineText;
    private readonly byte[] _jsonPid;
    private readonly byte[] _jsonRest;

    /// <param name="pid">In the initial pid namespace.</param>
    /// <param name="startBoottimeNs">CLOCK_BOOTTIME.</param>
    /// <param name="recordComm">The name as the kernel gave it, without NUL.</param>
    /// <param name="commandLine">Arguments joined by spaces; null if they could not be read.</param>
    public ProcessIdentity(uint pid, ulong startBoottimeNs, ReadOnlySpan<byte> recordComm, string? commandLine)
    {
        _recordComm = recordComm.ToArray();
        Pid = pid;
        StartBoottimeNs = startBoottimeNs;
        Comm = HostileText.Decode(recordComm);
        CommandLine = commandLine;
        _commUtf8 = Encoding.UTF8.GetBytes(Comm);
        _nameText = [.. HostileText.ForTerminal(Comm), .. Ascii($"[{pid}]")];
        _commandLineText = commandLine is null ? [] : HostileText.ForTerminal(commandLine);
        _jsonPid = pid == 0 ? [] : Ascii($",\"pid\":{pid}");
        _jsonRest = [.. JsonText("comm", Comm), .. JsonText("commandLine", commandLine), .. JsonStart(startBoottimeNs)];
    }

    public uint Pid { get; }

    public ulong StartBoottimeNs { get; }

    public string Comm { get; }

    public string? CommandLine { get; }

    /// <summary><see cref="Comm"/>, for filters: as any client sees it, not safe for a terminal.</summary>
    public ReadOnlySpan<byte> CommUtf8 => _commUtf8;

    /// <summary>The name as the kernel gave it: any bytes.</summary>
    public ReadOnlySpan<byte> RecordComm => _recordComm;

    /// <summary>"name[pid]", safe for a terminal.</summary>
    public ReadOnlySpan<byte> NameText => _nameText;

    /// <summary>Safe for a terminal; empty if unknown.</summary>
    public ReadOnlySpan<byte> CommandLineText => _commandLineText;

    /// <summary>The JSON members before "tid", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonPid => _jsonPid;

    /// <summary>The JSON members between "tid" and "fd", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonRest => _jsonRest;

    /// <summary>False once the process has another name: it was renamed, or runs another program.</summary>
    public bool HasComm(ReadOnlySpan<byte> recordComm) => recordComm.SequenceEqual(_recordComm);

    /// <summary>What is known of it beyond one event.</summary>
    public V1.Process ToMessage() => new() { Pid = Pid, Comm = Comm, CommandLine = CommandLine ?? "", StartBoottimeNs = StartBoottimeNs };

    /// <param name="message">As <see cref="ToMessage"/> makes it.</param>
    /// <param name="recordComm">The name as the kernel gave it, without NUL.</param>
    public static ProcessIdentity FromMessage(V1.Process message, ReadOnlySpan<byte> recordComm) =>
        new(message.Pid, message.StartBoottimeNs, recordComm, message.CommandLine.Length > 0 ? message.CommandLine : null);

    private static byte[] JsonText(string name, string? value) =>
        string.IsNullOrEmpty(value) ? [] : [.. Ascii($",\"{name}\":\""), .. HostileText.ForJson(value), (byte)'"'];

    private static byte[] JsonStart(ulong ns) => ns == 0 ? [] : Ascii($",\"startBoottimeNs\":\"{ns}\"");

    private static byte[] Ascii(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
