using System.CommandLine;
using KaTrace.Output;

namespace KaTrace.Cli;

/// <summary><c>katrace schema</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        Command command = new("schema", "Print the JSON schema of an event, as 'stream -o json' writes it");
        command.SetAction(_ =>
        {
            using StandardOutput output = new();
            JsonSchema.Write(output);
            output.Flush();
            return ExitCodes.Ok;
        });
        return command;
    }
}
