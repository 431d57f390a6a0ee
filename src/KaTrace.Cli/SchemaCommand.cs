using System.CommandLine;
using Google.Protobuf.Reflection;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Cli;

/// <summary><c>katrace schema</c></summary>
internal static class SchemaCommand
{
    private static readonly Dictionary<string, MessageDescriptor> Messages = new()
    {
        ["event"] = Event.Descriptor,
        ["connection"] = Connection.Descriptor,
        ["finding"] = AuditFinding.Descriptor,
        ["explanation"] = SocketExplanation.Descriptor,
    };

    public static Command Create()
    {
        Argument<string> message = new("message") { Description = "event, as 'stream -o json' writes it; connection, as 'list' does; finding, as 'audit' does; explanation, as 'explain' does", DefaultValueFactory = _ => "event" };
        message.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Messages.ContainsKey(token.Value))
                result.AddError($"bad message '{token.Value}': it is one of {string.Join(", ", Messages.Keys)}");
        });
        Command command = new("schema", "Print the JSON schema of a line of JSON") { message };
        command.SetAction(result =>
        {
            using StandardOutput output = new();
            JsonSchema.Write(output, Messages[result.GetValue(message)!]);
            output.Flush();
            return ExitCodes.Ok;
        });
        return command;
    }
}
