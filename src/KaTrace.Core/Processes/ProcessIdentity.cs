using System.Globalization;
using System.Text;
using Google.Protobuf;
using KaTrace.Output;

namespace KaTrace.Processes;

/// <summary>A process as far as it is known. Immutable; holds its texts ready, so that writers only copy bytes.</summary>
internal sealed class ProcessIdentity
{
    /// <summary>Of <see cref="JsonComm"/>: each byte may have to be escaped.</summary>
    public const int MaxJsonComm = 128;

    private readonly byte[] _recordComm;
    private readonly byte[] _commUtf8;
    private readonly byte[] _commText;
    private readonly byte[] _nameText;
    private readonly byte[] _commandLineText;
    private readonly byte[] _jsonPid;
    private readonly byte[] _jsonComm;
    private readonly byte[] _jsonRest;
    private readonly byte[] _proto;

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
        _commText = HostileText.ForTerminal(Comm);
        _nameText = [.. _commText, .. Ascii($"[{pid}]")];
        _commandLineText = commandLine is null ? [] : HostileText.ForTerminal(commandLine);
        _jsonPid = pid == 0 ? [] : Ascii($",\"pid\":{pid}");
        _jsonComm = JsonText("comm", Comm);
        _jsonRest = [.. _jsonComm, .. JsonText("commandLine", commandLine), .. JsonStart(startBoottimeNs)];
        _proto = EventMessage.ProcessOf(this).ToByteArray();
    }

    public uint Pid { get; }

    public ulong StartBoottimeNs { get; }

    public string Comm { get; }

    public string? CommandLine { get; }

    /// <summary><see cref="Comm"/>, for filters: as any client sees it, not safe for a terminal.</summary>
    public ReadOnlySpan<byte> CommUtf8 => _commUtf8;

    /// <summary><see cref="Comm"/>, safe for a terminal.</summary>
    public ReadOnlySpan<byte> CommText => _commText;

    /// <summary>"name[pid]", safe for a terminal.</summary>
    public ReadOnlySpan<byte> NameText => _nameText;

    /// <summary>Safe for a terminal; empty if unknown.</summary>
    public ReadOnlySpan<byte> CommandLineText => _commandLineText;

    /// <summary>The JSON members before "tid", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonPid => _jsonPid;

    /// <summary>The JSON member "comm", with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonComm => _jsonComm;

    /// <summary>The JSON members between "tid" and "fd", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonRest => _jsonRest;

    /// <summary>The fields of <see cref="V1.Process"/> that are the same for all events of the process, as protobuf.</summary>
    public ReadOnlySpan<byte> Proto => _proto;

    /// <summary>False once the process has another name: it was renamed, or runs another program.</summary>
    public bool HasComm(ReadOnlySpan<byte> recordComm) => recordComm.SequenceEqual(_recordComm);

    private static byte[] JsonText(string name, string? value) =>
        string.IsNullOrEmpty(value) ? [] : [.. Ascii($",\"{name}\":\""), .. HostileText.ForJson(value), (byte)'"'];

    private static byte[] JsonStart(ulong ns) => ns == 0 ? [] : Ascii($",\"startBoottimeNs\":\"{ns}\"");

    private static byte[] Ascii(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
