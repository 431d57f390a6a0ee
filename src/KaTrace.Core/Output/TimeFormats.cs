namespace KaTrace.Output;

/// <summary>Finds a <see cref="TimeFormat"/> by name.</summary>
internal static class TimeFormats
{
    /// <summary>Upper and lower case are alike.</summary>
    /// <exception cref="FormatException">There is none of that name; the message lists the names.</exception>
    public static TimeFormat Parse(string name)
    {
        foreach (TimeFormat format in Enum.GetValues<TimeFormat>())
        {
            if (string.Equals(format.ToString(), name, StringComparison.OrdinalIgnoreCase))
                return format;
        }

        throw new FormatException($"bad time format '{name}': it is one of {string.Join(", ", Enum.GetNames<TimeFormat>())}");
    }
}
