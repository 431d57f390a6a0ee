using System.CommandLine;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Cli;

/// <summary><c>katrace schema</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        Argument<string> message = new("message") { Description = "event, as 'stream -o json' writes it, or connection, as 'list -o json' does", DefaultValueFactory = _ => "event" };
        message.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("event" or "connection") } other])
                result.AddError($"bad message '{other.Value}': it is event or connection");
        });
        Command command = new("schema", "Print the JSON schema of a line of JSON") { message };
        command.SetAction(result =>
        {
            using StandardOutput output = new();
            JsonSchema.Write(output, result.GetValue(message) == "event" ? Event.Descriptor : Connection.Descriptor);
            output.Flush();
            return ExitCodes.Ok;
        });
        return command;
    }
}
