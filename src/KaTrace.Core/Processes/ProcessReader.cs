using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Interop;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Reads what /proc knows of a process. Not thread-safe: it keeps a buffer.</summary>
/// <remarks>All of it through one open directory. Once that process has ended nothing can be read through it any more, whoever has
/// the pid by then: no two processes can be mixed.
/// Arguments and environment lie in the memory of the process, and are read under its mmap lock: a process that holds that lock,
/// or lets its memory come from a file system that does not answer, holds up the reader for as long as it likes.</remarks>
internal sealed class ProcessReader(string procRoot, UserNames users)
{
    /// <summary>Longer command lines are shown cut here.</summary>
    public const int MaxCommandLine = 4096;

    // Of any file. A class path may be tens of KiB, and the main class comes behind it; an environment is some KiB mostly.
    private const int MaxFile = 128 * 1024;
    private const int MaxArguments = 1024;

    private readonly byte[] _buffer = new byte[MaxFile];

    /// <summary>This very process; nothing where there is no /proc.</summary>
    public static ProcessKey Own()
    {
        using OpenDirectory? self = OpenDirectory.TryOpen("/proc/self");
        byte[] stat = new byte[1024];
        int length = self?.Read("stat", stat) ?? 0;
        return length > 0 && ProcessStat.TryParseStart(stat.AsSpan(0, length), out ulong ticks)
            ? new ProcessKey((uint)Environment.ProcessId, ticks * ProcessStat.NsPerTick)
            : default;
    }

    /// <summary>Null: that process is gone, or may not be looked at.</summary>
    public ProcessDetails? Read(ProcessKey process) => Read(process, out _);

    /// <param name="process">Which.</param>
    /// <param name="diagnostics">Where its .NET runtime answers; null if there is none.</param>
    public ProcessDetails? Read(ProcessKey process, out SafeFileHandle? diagnostics)
    {
        diagnostics = null;
        using OpenDirectory? directory = OpenDirectory.TryOpen(Path.Combine(procRoot, process.Pid.ToString(CultureInfo.InvariantCulture)));
        if (!ProcessStat.TryParseStart(ReadFile(directory, "stat"), out ulong ticks) || ticks != process.StartBoottimeNs / ProcessStat.NsPerTick)
            return null;

        string comm = HostileText.Decode(WithoutNewline(ReadFile(directory, "comm"))); // that of stat is escaped
        string? executable = directory!.ReadLink("exe");
        ReadOnlySpan<byte> arguments = ReadFile(directory, "cmdline");
        string? commandLine = Join(arguments);
        string? program = Interpreter.ProgramOf(executable, Split(arguments)) is { Length: <= MaxCommandLine } name ? name : null; // none has a path as long
        ReadOnlySpan<byte> status = ReadFile(directory, "status");
        uint? uid = ProcessStat.Number(status, "\nUid:"u8, 1);
        uint pidInside = ProcessStat.Number(status, "\nNSpid:"u8, int.MaxValue) ?? process.Pid;
        ControlGroups groups = ControlGroups.Parse(HostileText.Decode(ReadFile(directory, "cgroup")));
        if (executable is not null) // a kernel thread has none
            diagnostics = DiagnosticsSocket.TryHold(directory, pidInside, ticks, TemporaryDirectory(ReadFile(directory, "environ")));
        return new ProcessDetails
        {
            Key = process,
            Comm = comm,
            Executable = executable,
            CommandLine = commandLine,
            Uid = uid,
            User = uid is { } known ? users.Find(known) : null,
            Start = StartTime(process),
            Container = groups.Container,
            Unit = groups.Unit,
            PodUid = groups.PodUid,
            Program = program,
        };
    }

    private ReadOnlySpan<byte> ReadFile(OpenDirectory? directory, string name)
    {
        int read = directory?.Read(name, _buffer) ?? -1;
        return _buffer.AsSpan(0, Math.Max(read, 0));
    }

    /// <summary>One: a name may end with more.</summary>
    private static ReadOnlySpan<byte> WithoutNewline(ReadOnlySpan<byte> line) => line is [.. var text, (byte)'\n'] ? text : line;

    private static DateTimeOffset StartTime(ProcessKey process)
    {
        long ageNs = Libc.ReadClock(Libc.CLOCK_BOOTTIME) - (long)process.StartBoottimeNs;
        return DateTimeOffset.UtcNow.AddTicks(-ageNs / TimeSpan.NanosecondsPerTick);
    }

    private static string? TemporaryDirectory(ReadOnlySpan<byte> environment)
    {
        while (TryTake(ref environment, out ReadOnlySpan<byte> variable))
        {
            if (variable.StartsWith("TMPDIR="u8))
                return Encoding.UTF8.GetString(variable["TMPDIR=".Length..]);
        }

        return null;
    }

    private static ReadOnlySpan<string> Split(ReadOnlySpan<byte> arguments)
    {
        List<string> list = [];
        while (list.Count < MaxArguments && TryTake(ref arguments, out ReadOnlySpan<byte> argument))
            list.Add(HostileText.Decode(argument));
        return CollectionsMarshal.AsSpan(list);
    }

    /// <summary>Takes a string off the front. What the buffer has cut, or no NUL ends, is none.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> strings, out ReadOnlySpan<byte> taken)
    {
        int end = strings.IndexOf((byte)0);
        taken = end < 0 ? default : strings[..end];
        strings = end < 0 ? default : strings[(end + 1)..];
        return end >= 0;
    }

    /// <summary>The arguments joined by spaces; null if there are none: a kernel thread, a zombie.</summary>
    private static string? Join(ReadOnlySpan<byte> arguments)
    {
        ReadOnlySpan<byte> text = arguments.Length > MaxCommandLine
            ? WithoutPartialCharacter(arguments[..MaxCommandLine])
            : arguments.TrimEnd((byte)0);
        return text.IsEmpty ? null : HostileText.Decode(text).Replace('\0', ' ');
    }

    private static ReadOnlySpan<byte> WithoutPartialCharacter(ReadOnlySpan<byte> text)
    {
        for (int back = 1; back <= 4; back++)
        {
            if ((text[^back] & 0xC0) == 0x80)
                continue;
            return Rune.DecodeFromUtf8(text[^back..], out _, out _) == OperationStatus.NeedMoreData
                ? text[..^back]
                : text;
        }

        return text;
    }
}
