using System.CommandLine;
using KaTrace.Captures;

namespace KaTrace.Cli.Replaying;

/// <summary><c>katrace inspect</c>.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = CaptureArgument.Create("Captures; - is standard input");
        Option<bool> blocks = new("--blocks") { Description = "List each block of records" };
        Command command = new("inspect", "Say what is in a capture, and whether it is whole");
        command.Arguments.Add(paths);
        command.Options.Add(blocks);
        command.SetAction(result =>
        {
            bool first = true, isWhole = true;
            foreach (string path in result.GetValue(paths)!)
            {
                if (!first)
                    Console.Out.WriteLine();
                first = false;
                isWhole &= TryInspect(path, result.GetValue(blocks));
            }

            return isWhole ? ExitCodes.Ok : ExitCodes.Failure;
        });
        return command;
    }

    private static bool TryInspect(string path, bool listBlocks)
    {
        try
        {
            using Capture capture = Capture.Open(path);
            return new Inspection(capture, Console.Out).Run(listBlocks);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            Console.Error.WriteLine($"katrace: {e.Message}");
            return false;
        }
    }
}
