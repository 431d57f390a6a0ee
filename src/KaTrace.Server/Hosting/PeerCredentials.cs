using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KaTrace.Server.Hosting;

/// <summary>The process at the other end of a Unix socket, when it connected (unix(7)).</summary>
internal sealed record PeerCredentials(int Pid, uint Uid, IReadOnlyList<uint> Groups)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private const int SoPeerGroups = 59;

    /// <summary>NGROUPS_MAX.</summary>
    private const int MostGroups = 65536;

    public static PeerCredentials Of(Socket socket)
    {
        Span<int> ucred = stackalloc int[3];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(ucred));
        return new PeerCredentials(ucred[0], (uint)ucred[1], [(uint)ucred[2], .. SupplementaryGroups(socket)]);
    }

    public bool IsMemberOf(uint group) => Groups.Contains(group);

    private static uint[] SupplementaryGroups(Socket socket)
    {
        byte[] groups = new byte[1024];
        while (true)
        {
            try
            {
                int length = socket.GetRawSocketOption(SolSocket, SoPeerGroups, groups);
                return MemoryMarshal.Cast<byte, uint>(groups.AsSpan(0, length)).ToArray();
            }
            catch (SocketException) when (groups.Length < MostGroups * sizeof(uint))
            {
                groups = new byte[groups.Length * 4]; // ERANGE
            }
        }
    }
}
