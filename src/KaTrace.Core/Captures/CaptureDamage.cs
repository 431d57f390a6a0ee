using System.Globalization;

namespace KaTrace.Captures;

/// <summary>What is wrong with a file, and where.</summary>
internal static class CaptureDamage
{
    public static InvalidDataException NotACapture(string name, string what) => new($"{name} is no capture that can be read: {what}");

    public static InvalidDataException At(string name, long offset, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{name} is damaged in the block at byte {offset}: {what}; what lies before it was read"));
}
