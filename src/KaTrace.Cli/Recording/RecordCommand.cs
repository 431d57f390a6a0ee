using System.CommandLine;
using System.CommandLine.Parsing;
using KaTrace.Captures;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;
using KaTrace.Cli.Streaming;
using KaTrace.Output;
using static KaTrace.Cli.ParsedOption;

namespace KaTrace.Cli.Recording;

/// <summary><c>katrace record</c>.</summary>
internal static class RecordCommand
{
    private const string StandardOutputPath = "-";

    public static Command Create()
    {
        PrintFlags print = PrintFlags.OfPrint();
        StreamFlags flags = new(print);
        Option<string> path = new("--output", "-o") { Description = "The file, for instance incident.katrace; - is standard output. One that is there is not touched", HelpName = "FILE", Required = true };
        Option<bool> compress = new("--compress") { Description = "By zstd" };
        Option<long?> maxSize = Parsed<long?>("--max-size", "Stop before all files together are larger: 100M", "BYTES", text => ParseSize(text));
        Option<long?> rotateSize = Parsed<long?>("--rotate-size", "Begin another file after so many bytes: FILE-000001, FILE-000002, …", "BYTES", text => ParseSize(text));
        Option<TimeSpan?> rotateTime = Parsed<TimeSpan?>("--rotate-time", "Begin another file after a time, at the next event", "TIME", text => DurationText.Parse(text));
        Option<ulong?> keep = Parsed<ulong?>("--keep", "Delete all but the newest files of the rotation", "N", text => ParseCount(text));
        Option<TimeSpan?> sync = Parsed<TimeSpan?>("--sync", "Force what is written onto the disk that often; without, at the end of each file", "TIME", text => DurationText.Parse(text));
        Option<TimeSpan> snapshots = Parsed("--snapshot-interval", "How often all sockets are recorded, for 'katrace list --replay', besides the beginning of each file: 1s or longer; 0: only there", "TIME", ParseSnapshotInterval, TimeSpan.FromMinutes(5));

        Command command = new("record", "Write keepalive events into a file, for 'katrace replay' to show anywhere");
        command.Options.Add(path);
        flags.AddTo(command);
        foreach (Option option in (Option[])[compress, maxSize, rotateSize, rotateTime, keep, sync, snapshots])
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            bool rotates = IsGiven(result, rotateSize) || IsGiven(result, rotateTime);
            if (IsGiven(result, keep) && !rotates)
                result.AddError("--keep: there is nothing to keep without --rotate-size or --rotate-time");
            if (result.GetResult(path) is { Tokens: [{ Value: StandardOutputPath }] } && (rotates || print.IsGiven(result)))
                result.AddError("--output: with - the file is standard output, so that it can neither rotate nor be printed to");
        });
        command.SetAction(result =>
        {
            if (flags.Filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(flags.Filters.Read(result));

            StreamOptions options = flags.Read(result);
            CaptureOptions capture = new()
            {
                Path = result.GetValue(path)!,
                Compression = result.GetValue(compress) ? Compression.Zstd : Compression.None,
                MaxSize = result.GetValue(maxSize),
                RotateSize = result.GetValue(rotateSize),
                RotateTime = result.GetValue(rotateTime),
                Keep = (int?)Math.Min(result.GetValue(keep) ?? int.MaxValue, int.MaxValue),
                SyncEvery = result.GetValue(sync),
            };
            return StreamSession.Run(options, tracer => new RecordTarget(capture, options, result.GetValue(snapshots), RecordingHeader.Of(tracer, options)));
        });
        return command;
    }

    private static TimeSpan ParseSnapshotInterval(string text)
    {
        TimeSpan time = text == "0" ? TimeSpan.Zero : DurationText.Parse(text);
        return time == TimeSpan.Zero || (time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(1))
            ? time
            : throw new FormatException($"bad time '{text}': it is from 1s to 1d, or 0");
    }

    private static bool IsGiven(CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };
}
