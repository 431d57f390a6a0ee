using CsCheck;
using Google.Protobuf;
using KaTrace.Output;

namespace KaTrace.Tests.Output;

public sealed class ProtoCursorTests
{
    /// <summary>Of every length, with room behind it and without.</summary>
    [Fact]
    public void A_varint_is_what_protobuf_reads_back() =>
        Gen.Select(Gen.Int[0, 64], Gen.ULong, Gen.Int[0, 8]).Sample((bits, random, room) =>
        {
            ulong value = bits == 64 ? random : random & ((1ul << bits) - 1);
            byte[] buffer = new byte[ProtoCursor.VarintLength(value) + room];
            ProtoCursor proto = new(buffer);

            proto.AppendVarint(value);

            Assert.Equal(ProtoCursor.VarintLength(value), proto.Length);
            CodedInputStream reader = new(proto.Written.ToArray());
            Assert.Equal(value, reader.ReadUInt64());
            Assert.True(reader.IsAtEnd);
        }, iter: 20_000);
}
