using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;

namespace KaTrace.Cli.Replaying;

/// <summary><c>katrace replay</c>.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        ReplayFlags flags = new();
        PrintFlags print = PrintFlags.OfOutput();
        Command command = new("replay", "Show the events of a capture, as 'stream' showed them, or would have");
        flags.AddTo(command, timed: true);
        print.AddTo(command);
        command.SetAction(result =>
        {
            if (flags.Filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(flags.Filters.Read(result));

            PrintOptions options = print.Read(result)!;
            using StandardOutput output = new();
            using ReplaySession session = new(flags.Read(result), output);
            return session.Run(node => options.NewWriter(output, node));
        });
        return command;
    }
}
