using System.CommandLine;
using KaTrace.Cli.Filters;
using KaTrace.Cli.Printing;

namespace KaTrace.Cli.Streaming;

/// <summary><c>katrace stream</c>.</summary>
internal static class StreamCommand
{
    public static Command Create()
    {
        StreamFlags flags = new(PrintFlags.OfOutput());
        Command command = new("stream", "Show keepalive events as they happen, until interrupted");
        flags.AddTo(command);
        command.SetAction(result =>
        {
            if (flags.Filters.PrintsRaw(result))
                return FilterOptions.PrintRaw(flags.Filters.Read(result));

            StreamOptions options = flags.Read(result);
            return StreamSession.Run(options, _ => new PrintTarget(options.Print!));
        });
        return command;
    }
}
