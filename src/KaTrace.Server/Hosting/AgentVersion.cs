namespace KaTrace.Server.Hosting;

internal static class AgentVersion
{
    /// <summary>"0.1.0"</summary>
    public static string Text { get; } = typeof(AgentVersion).Assembly.GetName().Version!.ToString(3);
}
