using KaTrace.Tests.Server;

namespace KaTrace.Tests;

/// <summary>The tests; or the agent that one of them has started, as a process of its own.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [AgentProcess.Role] => AgentProcess.ServeAsync(),
        _ when args.Any(arg => arg is "-automated" or "@@") => Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
        _ => Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };
}
