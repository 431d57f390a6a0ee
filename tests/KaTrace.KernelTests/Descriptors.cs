namespace KaTrace.KernelTests;

/// <summary>What the kernel says of each descriptor of a process. They come and go: a snapshot opens some for as long as it takes.</summary>
internal static class Descriptors
{
    /// <summary>The fields of /proc/PID/fdinfo/FD, for each that is still there when it is looked at.</summary>
    public static IEnumerable<Dictionary<string, string>> Of(int pid)
    {
        foreach (string file in Directory.GetFiles($"/proc/{pid}/fdinfo"))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            yield return lines.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .Where(field => field.Length == 2).GroupBy(field => field[0]).ToDictionary(field => field.Key, field => field.First()[1]);
        }
    }
}
