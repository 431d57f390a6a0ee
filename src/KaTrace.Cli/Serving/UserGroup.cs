using System.Globalization;

namespace KaTrace.Cli.Serving;

/// <summary>Groups of this host, by /etc/group.</summary>
internal static class UserGroup
{
    private const string GroupFile = "/etc/group";

    /// <param name="text">A name, or a number.</param>
    /// <exception cref="FormatException">There is no such group.</exception>
    public static uint Find(string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
            return id;
        foreach (string line in File.ReadLines(GroupFile))
        {
            if (line.Split(':') is [var name, _, var number, ..] && name == text && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out id))
                return id;
        }

        throw new FormatException($"bad group '{text}': {GroupFile} does not have it");
    }
}
