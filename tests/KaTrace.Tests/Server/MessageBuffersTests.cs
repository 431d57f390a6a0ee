using System.Buffers;
using KaTrace.Server.Hosting;

namespace KaTrace.Tests.Server;

public sealed class MessageBuffersTests : IDisposable
{
    private const int Large = MessageBuffers.MostBytes;

    private readonly MessageBuffers _buffers = new(new ServerBlocks());

    public void Dispose() => _buffers.Dispose();

    [Fact]
    public void A_piece_that_was_given_back_is_used_again()
    {
        IMemoryOwner<byte> first = _buffers.Rent(100_000);
        Memory<byte> memory = first.Memory;
        first.Dispose();
        Assert.Equal(memory.Length, _buffers.KeptBytes);

        Assert.Equal(memory, _buffers.Rent(memory.Length).Memory);
        Assert.Equal(0, _buffers.KeptBytes);
    }

    [Fact]
    public void A_piece_is_as_long_as_was_asked_for_or_longer()
    {
        foreach (int length in (int[])[4097, 8192, 8193, 100_000, Large - 1, Large])
            Assert.InRange(_buffers.Rent(length).Memory.Length, length, Large);
    }

    [Fact]
    public void What_fits_into_a_block_of_the_server_is_one()
    {
        Assert.Equal(ServerBlocks.Length, _buffers.Rent().Memory.Length);
        Assert.Equal(ServerBlocks.Length, _buffers.Rent(ServerBlocks.Length).Memory.Length);
    }

    [Fact]
    public void No_more_is_kept_than_it_may()
    {
        IMemoryOwner<byte>[] pieces = [.. Enumerable.Range(0, 100).Select(_ => _buffers.Rent(Large))];
        foreach (IMemoryOwner<byte> piece in pieces)
            piece.Dispose();

        Assert.Equal(MessageBuffers.MostKeptBytes, _buffers.KeptBytes);
    }

    [Fact]
    public void More_than_the_longest_piece_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _buffers.Rent(Large + 1));
}
