using System.CommandLine;
using KaTrace.Captures;

namespace KaTrace.Cli.Replaying;

/// <summary><c>katrace inspect</c>.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("FILE") { Description = "Captures; - is standard input", Arity = ArgumentArity.OneOrMore };
        Option<bool> blocks = new("--blocks") { Description = "List each block of records" };
        Command command = new("inspect", "Say what is in a capture, and whether it is whole");
        command.Arguments.Add(paths);
        command.Options.Add(blocks);
        command.SetAction(result =>
        {
            bool first = true, damaged = false;
            foreach (string path in result.GetValue(paths)!)
            {
                if (!first)
                    Console.Out.WriteLine();
                first = false;
                using Capture capture = Capture.Open(path);
                damaged |= !new Inspection(capture, Console.Out).Run(result.GetValue(blocks));
            }

            return damaged ? ExitCodes.Failure : ExitCodes.Ok;
        });
        return command;
    }
}
