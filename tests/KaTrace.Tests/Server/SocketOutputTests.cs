using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using KaTrace.Server.Hosting;

namespace KaTrace.Tests.Server;

public sealed class SocketOutputTests : IDisposable
{
    /// <summary>More than a Unix socket holds.</summary>
    private const int Much = 8 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("katrace-");
    private readonly MessageBuffers _buffers = new(new ServerBlocks());
    private readonly System.Net.Sockets.Socket _ours;
    private readonly System.Net.Sockets.Socket _peer;
    private readonly SocketOutput _output;
    private int _broken;

    public SocketOutputTests()
    {
        UnixDomainSocketEndPoint address = new(Path.Combine(_directory.FullName, "s"));
        using System.Net.Sockets.Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(address);
        listener.Listen();
        _peer = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _peer.Connect(address);
        _ours = listener.Accept();
        _output = new SocketOutput(_ours, _buffers, () => Interlocked.Increment(ref _broken));
    }

    public void Dispose()
    {
        _ours.Dispose();
        _peer.Dispose();
        _buffers.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task What_is_written_in_parts_comes_in_order_once_it_is_flushed()
    {
        Write([1, 2, 3]);
        Write(Pattern(100_000));
        Assert.Equal(100_003, _output.UnflushedBytes);
        Assert.Equal(0, _peer.Available);

        ValueTask<FlushResult> flush = _output.FlushAsync();

        Assert.Equal([1, 2, 3, .. Pattern(100_000)], await ReceiveAsync(100_003));
        Assert.False((await flush).IsCompleted);
        Assert.Equal(0, _output.UnflushedBytes);
    }

    [Fact]
    public async Task A_flush_ends_when_the_kernel_has_it_all()
    {
        byte[] pattern = Pattern(Much);
        Write(pattern);
        Task<FlushResult> flush = _output.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);

        Assert.Equal(pattern, await ReceiveAsync(Much));
        Assert.False((await flush.WaitAsync(Deadline)).IsCompleted);
    }

    [Fact]
    public async Task Between_flushes_it_holds_no_memory()
    {
        Write(Pattern(100_000));
        long before = _buffers.KeptBytes;
        Task<FlushResult> flush = _output.FlushAsync().AsTask();
        await ReceiveAsync(100_000);
        await flush.WaitAsync(Deadline);

        Assert.InRange(_buffers.KeptBytes - before, 100_000, MessageBuffers.MostBytes);
    }

    [Fact]
    public async Task Of_a_peer_that_is_gone_it_tells_and_sends_nothing_more()
    {
        _peer.Dispose();
        Write([1]);
        Assert.True((await _output.FlushAsync().AsTask().WaitAsync(Deadline)).IsCompleted);
        Write([2]);
        Assert.True((await _output.FlushAsync().AsTask().WaitAsync(Deadline)).IsCompleted);

        Assert.Equal(1, _broken);
        Assert.Equal(0, _output.UnflushedBytes);
    }

    [Fact]
    public async Task A_connection_that_is_aborted_ends_a_flush_that_waits()
    {
        Write(Pattern(Much));
        Task<FlushResult> flush = _output.FlushAsync().AsTask();

        _ours.Dispose();

        Assert.True((await flush.WaitAsync(Deadline)).IsCompleted);
    }

    [Fact]
    public async Task Draining_waits_for_a_flush_under_way()
    {
        byte[] pattern = Pattern(Much);
        Write(pattern);
        Task<FlushResult> flush = _output.FlushAsync().AsTask();
        Task drained = _output.DrainAsync();
        Assert.False(drained.IsCompleted);

        Assert.Equal(pattern, await ReceiveAsync(Much));
        await drained.WaitAsync(Deadline);
        await flush;
    }

    [Fact]
    public async Task Draining_sends_what_was_not_flushed()
    {
        Write([1, 2, 3]);
        _output.Complete();
        await _output.DrainAsync().WaitAsync(Deadline);

        Assert.Equal([1, 2, 3], await ReceiveAsync(3));
    }

    [Fact]
    public void Sending_allocates_nothing_in_the_long_run()
    {
        byte[] pattern = Pattern(50_000), received = new byte[50_000];
        Allocation.AssertNone(() =>
        {
            Write(pattern);
            ValueTask<FlushResult> flush = _output.FlushAsync();
            Assert.False(flush.Result.IsCompleted); // at once, as there is room
            for (int length = 0; length < received.Length;)
                length += _peer.Receive(received.AsSpan(length));
        });
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31 >> 3))];

    private void Write(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

    private async Task<byte[]> ReceiveAsync(int count)
    {
        byte[] received = new byte[count];
        using CancellationTokenSource deadline = new(Deadline);
        for (int length = 0; length < count;)
        {
            int more = await _peer.ReceiveAsync(received.AsMemory(length), deadline.Token);
            Assert.NotEqual(0, more);
            length += more;
        }

        return received;
    }
}
