using System.Net.Sockets;

namespace KaTrace.Tests.Processes;

/// <summary>Listens where a .NET runtime would, and does what it is told to each that comes.</summary>
internal sealed class Stranger : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private int _heard;

    /// <param name="path">Of the socket.</param>
    /// <param name="act">Until its token is cancelled, then the connection is closed.</param>
    public Stranger(string path, Func<Socket, CancellationToken, Task> act)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync(act);
    }

    /// <summary>Bytes that came in.</summary>
    public int Heard => Volatile.Read(ref _heard);

    /// <summary>Answers the question with these bytes, and closes.</summary>
    public static Func<Socket, CancellationToken, Task> Sends(params byte[] bytes) => async (socket, end) => await socket.SendAsync(bytes, end);

    /// <summary>The same, byte by byte.</summary>
    public static Func<Socket, CancellationToken, Task> Dribbles(params byte[] bytes) => async (socket, end) =>
    {
        foreach (byte one in bytes)
            await socket.SendAsync(new[] { one }, end);
    };

    public static async Task SaysNothing(Socket socket, CancellationToken end) => await Task.Delay(Timeout.Infinite, end); // no clock: until its end

    public void Dispose()
    {
        if (_accepting.IsCompleted)
            return;
        _end.Cancel();
        _listener.Dispose();
        _accepting.Wait();
        _end.Dispose();
    }

    private async Task AcceptAsync(Func<Socket, CancellationToken, Task> act)
    {
        try
        {
            while (true)
            {
                using Socket socket = await _listener.AcceptAsync(_end.Token);
                try
                {
                    int heard = await socket.ReceiveAsync(new byte[100], _end.Token);
                    Volatile.Write(ref _heard, Heard + heard);
                    if (heard > 0)
                        await act(socket, _end.Token);
                }
                catch (SocketException)
                {
                    // The other side has had enough.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }
}
