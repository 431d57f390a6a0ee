namespace KaTrace.Benchmarks;

/// <summary>What this program is when it starts itself, so that ours is a process of its own as its peers are.</summary>
internal static class Roles
{
    public const string Drain = "--drain";
    public const string Live = "--live";
    public const string FanoutServer = "--fanout-server";
    public const string Encoder = "--encoder";
    public const string FanoutClient = "--fanout-client";
}
