using System.Text.Json;

namespace KaTrace.Tests.Output;

/// <summary>JSON without its white space and escapes: kinds, texts and numbers as written, in order.</summary>
internal static class JsonTokens
{
    public static List<string> Of(ReadOnlySpan<byte> json)
    {
        List<string> tokens = [];
        Utf8JsonReader reader = new(json);
        while (reader.Read())
        {
            string value = reader.TokenType switch
            {
                JsonTokenType.PropertyName or JsonTokenType.String => reader.GetString()!,
                JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
                _ => "",
            };
            tokens.Add($"{reader.TokenType} {value}");
        }

        return tokens;
    }
}
