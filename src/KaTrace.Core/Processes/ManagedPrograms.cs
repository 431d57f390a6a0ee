using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KaTrace.Processes;

/// <summary>Asks .NET processes which program they run. Who answers is a stranger: it may send anything, or nothing, at any pace.</summary>
/// <remarks>The question is sent by ourselves: DiagnosticsClient of Microsoft.Diagnostics.NETCore.Client 0.2.750501 keeps
/// GetProcessInfo internal; what it makes public (event sessions, dumps, startup hooks) changes the process or costs it milliseconds; and it
/// connects by a path, without a look at who listens there.</remarks>
internal static class ManagedPrograms
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(500);

    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;

    /// <summary>Null: it does not answer in time, or not as a runtime does, or it is another process that listens.</summary>
    /// <param name="diagnostics">The socket's file, as <see cref="DiagnosticsSocket"/> found it.</param>
    /// <param name="pid">The process that must be listening.</param>
    /// <param name="deadline">For all of it.</param>
    public static async Task<ManagedProgram?> AskAsync(SafeFileHandle diagnostics, uint pid, TimeSpan deadline)
    {
        using CancellationTokenSource late = new(deadline);
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            // By the file that is held: its path may lead elsewhere by now.
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/self/fd/{diagnostics.DangerousGetHandle()}"), late.Token).ConfigureAwait(false);
            GC.KeepAlive(diagnostics);
            // Whoever may write to that directory can listen there; before this is known, nothing is said.
            if (PeerPid(socket) != pid)
                return null;
            await socket.SendAsync(DiagnosticsMessage.Question, late.Token).ConfigureAwait(false);
            byte[] header = new byte[DiagnosticsMessage.HeaderLength];
            await ReadAsync(socket, header, late.Token).ConfigureAwait(false);
            byte[] answer = new byte[Math.Max(DiagnosticsMessage.AnswerLength(header), 0)];
            await ReadAsync(socket, answer, late.Token).ConfigureAwait(false);
            return DiagnosticsMessage.TryParse(answer, out ManagedProgram program) ? program : null;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task ReadAsync(Socket socket, Memory<byte> buffer, CancellationToken late)
    {
        while (!buffer.IsEmpty)
        {
            int read = await socket.ReceiveAsync(buffer, late).ConfigureAwait(false);
            if (read == 0)
                throw new EndOfStreamException();
            buffer = buffer[read..];
        }
    }

    /// <summary>Who called listen(2) on the other side (unix(7)): pid, uid and gid; in our pid namespace, 0 if it is not in there.</summary>
    private static uint PeerPid(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SOL_SOCKET, SO_PEERCRED, credentials);
        return MemoryMarshal.Read<uint>(credentials);
    }
}
