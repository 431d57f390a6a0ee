using System.Globalization;
using System.Text;
using Google.Protobuf;
using KaTrace.Output;

namespace KaTrace.Processes;

/// <summary>A process as events show it. Immutable; holds its texts ready, so that writers only copy bytes.</summary>
internal sealed class ProcessIdentity
{
    /// <summary>Of <see cref="JsonComm"/>: each byte may have to be escaped.</summary>
    public const int MaxJsonComm = 128;

    private readonly byte[] _recordComm;
    private readonly byte[] _commUtf8;
    private readonly byte[] _commText;
    private readonly byte[] _nameText;
    private readonly byte[] _commandLineText;
    private readonly byte[] _detailText;
    private readonly byte[] _jsonPid;
    private readonly byte[] _jsonComm;
    private readonly byte[] _jsonRest;
    private readonly byte[] _proto;
    private readonly byte[] _jsonDetails;

    /// <param name="key">In the initial pid namespace.</param>
    /// <param name="recordComm">The name as the kernel gave it with the event, without NUL.</param>
    /// <param name="details">What else is known; null: nothing. Left out where they were read under another name: the process then
    /// may run another program.</param>
    public ProcessIdentity(ProcessKey key, ReadOnlySpan<byte> recordComm, ProcessDetails? details)
    {
        _recordComm = recordComm.ToArray();
        Key = key;
        Comm = HostileText.Decode(recordComm);
        Details = details?.Comm == Comm ? details : null;
        _commUtf8 = Encoding.UTF8.GetBytes(Comm);
        _commText = HostileText.ForTerminal(Comm);
        _nameText = [.. _commText, .. Ascii($"[{key.Pid}]")];
        _commandLineText = Details?.CommandLine is { } commandLine ? HostileText.ForTerminal(commandLine) : [];
        _detailText = DetailTexts(Details);
        _jsonPid = key.Pid == 0 ? [] : Ascii($",\"pid\":{key.Pid}");
        _jsonComm = JsonText("comm", Comm);
        _jsonRest = [.. _jsonComm, .. JsonText("commandLine", Details?.CommandLine), .. JsonStart(key.StartBoottimeNs)];
        _jsonDetails = Details is null ? [] : JsonDetailsOf(Details);
        _proto = EventMessage.ProcessOf(this).ToByteArray();
    }

    public ProcessKey Key { get; }

    public string Comm { get; }

    public ProcessDetails? Details { get; }

    /// <summary><see cref="Comm"/>, for filters: as any client sees it, not safe for a terminal.</summary>
    public ReadOnlySpan<byte> CommUtf8 => _commUtf8;

    /// <summary>The name as the kernel gave it: any bytes.</summary>
    public ReadOnlySpan<byte> RecordComm => _recordComm;

    /// <summary><see cref="Comm"/>, safe for a terminal.</summary>
    public ReadOnlySpan<byte> CommText => _commText;

    /// <summary>"name[pid]", safe for a terminal.</summary>
    public ReadOnlySpan<byte> NameText => _nameText;

    /// <summary>Safe for a terminal; empty if unknown.</summary>
    public ReadOnlySpan<byte> CommandLineText => _commandLineText;

    /// <summary>What wide output adds, each with a leading space; safe for a terminal. Empty if nothing is known.</summary>
    public ReadOnlySpan<byte> DetailText => _detailText;

    /// <summary>The JSON members before "tid", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonPid => _jsonPid;

    /// <summary>The JSON member "comm", with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonComm => _jsonComm;

    /// <summary>The JSON members between "tid" and "fd", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonRest => _jsonRest;

    /// <summary>The fields of <see cref="V1.Process"/> that are the same for all events of the process, as protobuf.</summary>
    public ReadOnlySpan<byte> Proto => _proto;

    /// <summary>The JSON members after "exited", each with a leading comma.</summary>
    public ReadOnlySpan<byte> JsonDetails => _jsonDetails;

    /// <summary>False once the process has another name: it was renamed, or runs another program.</summary>
    public bool HasComm(ReadOnlySpan<byte> recordComm) => recordComm.SequenceEqual(_recordComm);

    private static byte[] DetailTexts(ProcessDetails? details)
    {
        if (details is null)
            return [];
        string? container = details.Container is { } known ? $"{known.Runtime ?? "-"}:{known.ShortId}" : null;
        string? program = details is { Program: { } name, Runtime: { } runtime } ? $"{name} ({runtime})" : details.Program;
        return
        [
            .. Text(" container=", container), .. Text(" pod=", details.PodUid), .. Text(" unit=", details.Unit),
            .. Text(" program=", program), .. Text(" cmd=", details.CommandLine),
        ];
    }

    private static byte[] JsonDetailsOf(ProcessDetails details) =>
    [
        .. JsonText("executable", details.Executable),
        .. details.Uid is { } uid ? Ascii($",\"uid\":{uid}") : [],
        .. JsonText("user", details.User),
        .. details.Container is { } container ? JsonContainer(container) : [],
        .. JsonText("podUid", details.PodUid),
        .. JsonText("unit", details.Unit),
        .. JsonText("program", details.Program),
        .. JsonText("runtime", details.Runtime),
    ];

    private static byte[] JsonContainer(Container container)
    {
        byte[] members = [.. JsonText("runtime", container.Runtime), .. JsonText("id", container.Id)];
        return [.. ",\"container\":{"u8, .. members.AsSpan(1), (byte)'}'];
    }

    private static byte[] Text(string label, string? value) =>
        string.IsNullOrEmpty(value) ? [] : [.. Encoding.ASCII.GetBytes(label), .. HostileText.ForTerminal(value)];

    private static byte[] JsonText(string name, string? value) =>
        string.IsNullOrEmpty(value) ? [] : [.. Ascii($",\"{name}\":\""), .. HostileText.ForJson(value), (byte)'"'];

    private static byte[] JsonStart(ulong ns) => ns == 0 ? [] : Ascii($",\"startBoottimeNs\":\"{ns}\"");

    private static byte[] Ascii(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
