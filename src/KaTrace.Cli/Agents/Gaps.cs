using KaTrace.Hosts;
using KaTrace.Sockets;

namespace KaTrace.Cli.Agents;

/// <summary>Says on stderr what could not be looked at: an agent may say anything.</summary>
internal static class Gaps
{
    public static void Tell(SocketTable table)
    {
        foreach (string gap in table.Gaps)
            Console.Error.WriteLine($"katrace: {HostView.Safe(gap)}");
    }
}
