using System.Buffers;

namespace KaTrace.Tests.Server;

/// <summary>Memory as the server's own pool has it, in blocks of one size.</summary>
internal sealed class ServerBlocks : MemoryPool<byte>
{
    public const int Length = 4096;

    public override int MaxBufferSize => Length;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Block();

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Block : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = new byte[Length];

        public void Dispose()
        {
        }
    }
}
