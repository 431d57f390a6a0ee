namespace KaTrace.Cli;

/// <summary>What a script can rely on. An interrupted run (Ctrl-C, SIGTERM, closed pipe) is a success.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary><c>audit --fail-on</c>: something of that severity was found.</summary>
    public const int Found = 3;
}
