namespace KaTrace.Cli;

/// <summary>What a script can rely on. An interrupted run (Ctrl-C, SIGTERM, closed pipe) is a success.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
}
