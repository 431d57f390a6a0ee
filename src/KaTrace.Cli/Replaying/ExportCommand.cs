using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Output;

namespace KaTrace.Cli.Replaying;

/// <summary><c>katrace export</c>.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        ReplayFlags flags = new();
        Option<string> format = ParsedOption.Choice("--format", "json (JSON Lines), csv, or protobuf (katrace.v1.Event, each behind its length as a varint)", "FORMAT", "json", "json", "csv", "protobuf");
        Command command = new("export", "Write the events of a capture to standard output, for other programs");
        flags.AddTo(command, timed: false);
        command.Options.Add(format);
        command.SetAction(result =>
        {
            if (flags.Filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(flags.Filters.Read(result));

            using StandardOutput output = new();
            using ReplaySession session = new(flags.Read(result), output);
            CsvEventWriter? csv = null; // one header for all files
            return session.Run(node => result.GetValue(format) switch
            {
                "csv" => csv = new CsvEventWriter(output, node, withHeader: csv is null),
                "protobuf" => new ProtobufEventWriter(output, node),
                _ => new JsonEventWriter(output, node),
            });
        });
        return command;
    }
}
