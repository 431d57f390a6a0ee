using System.Globalization;

namespace KaTrace.Hosts;

/// <summary>How many descriptors a process has open, and how many it may have (RLIMIT_NOFILE).</summary>
internal readonly record struct DescriptorUse(int Used, long Limit)
{
    private const string LimitName = "Max open files";

    public double Share => Limit <= 0 ? 0 : (double)Used / Limit;

    /// <summary>Null if the process is gone, or may not be looked at, or has no limit.</summary>
    public static DescriptorUse? Read(uint pid, string procRoot = "/proc")
    {
        string directory = Path.Combine(procRoot, pid.ToString(CultureInfo.InvariantCulture));
        try
        {
            string? line = File.ReadLines(Path.Combine(directory, "limits")).FirstOrDefault(l => l.StartsWith(LimitName, StringComparison.Ordinal));
            return line is not null && long.TryParse(line[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out long limit)
                ? new DescriptorUse(Directory.EnumerateFileSystemEntries(Path.Combine(directory, "fd")).Count(), limit)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
