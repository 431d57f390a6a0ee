using KaTrace.Output;

namespace KaTrace.Audit.Rules;

/// <summary>Says what is known of a path: "350 s (aws-nlb: AWS Network Load Balancer …, as of 2024-09)".</summary>
internal static class PathText
{
    public static string Of(PathLimit path)
    {
        string time = TimeText.Seconds(path.Timeout);
        string about = path.Source is null ? path.About : $"{path.About}, {(path.AsOf is null ? "date unknown" : $"as of {path.AsOf}")}";
        return path.Name == time ? $"{time} ({about})" : $"{time} ({path.Name}: {about})";
    }
}
