using System.Runtime.InteropServices;
using System.Text;

namespace KaTrace.Tests.Btf;

/// <summary>The types that a compiled BPF object speaks of, from its section .BTF
/// (Documentation/bpf/btf.rst of the kernel).</summary>
internal sealed class BtfTypes
{
    private const ushort Magic = 0xeb9f;

    private readonly byte[] _strings;
    private readonly List<BtfType> _types = [new BtfType(BtfKind.Void, "", 0, [], 0, 0)];

    /// <param name="section">All of .BTF.</param>
    public BtfTypes(ReadOnlySpan<byte> section)
    {
        ReadOnlySpan<int> header = MemoryMarshal.Cast<byte, int>(section[..24]);
        if ((ushort)header[0] != Magic)
            throw new InvalidDataException("this is no BTF");

        ReadOnlySpan<byte> body = section[header[1]..];
        _strings = body.Slice(header[4], header[5]).ToArray();
        ReadOnlySpan<int> types = MemoryMarshal.Cast<byte, int>(body.Slice(header[2], header[3]));
        while (!types.IsEmpty)
            types = types[Add(types)..];
    }

    public BtfType Find(BtfKind kind, string name) =>
        _types.Find(t => t.Kind == kind && t.Name == name)
        ?? throw new InvalidDataException($"the BTF has no {kind} {name}");

    public int SizeOf(int id) => _types[id] switch
    {
        { Kind: BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag } t => SizeOf(t.SizeOrType),
        { Kind: BtfKind.Array } array => array.Length * SizeOf(array.Element),
        { Kind: BtfKind.Ptr } => sizeof(long),
        BtfType t => t.SizeOrType,
    };

    /// <returns>How many words the type takes.</returns>
    private int Add(ReadOnlySpan<int> words)
    {
        BtfKind kind = (BtfKind)(words[1] >> 24 & 0x1f);
        int length = words[1] & 0xffff;
        ReadOnlySpan<int> rest = words[3..];
        BtfMember[] members = [];
        (int element, int elements) = kind == BtfKind.Array ? (rest[0], rest[2]) : (0, 0);
        if (kind is BtfKind.Struct or BtfKind.Union)
            members = Members(rest, length, words: 3, m => new BtfMember(Text(m[0]), m[1], m[2] & 0xffffff));
        else if (kind == BtfKind.Enum)
            members = Members(rest, length, words: 2, m => new BtfMember(Text(m[0]), 0, m[1]));

        _types.Add(new BtfType(kind, Text(words[0]), words[2], members, element, elements));
        return 3 + kind switch
        {
            BtfKind.Int or BtfKind.Var or BtfKind.DeclTag => 1,
            BtfKind.Array => 3,
            BtfKind.Struct or BtfKind.Union or BtfKind.Datasec or BtfKind.Enum64 => 3 * length,
            BtfKind.Enum or BtfKind.FuncProto => 2 * length,
            _ => 0,
        };
    }

    private static BtfMember[] Members(ReadOnlySpan<int> rest, int count, int words, Func<int[], BtfMember> read)
    {
        BtfMember[] members = new BtfMember[count];
        for (int i = 0; i < count; i++)
            members[i] = read(rest.Slice(i * words, words).ToArray());
        return members;
    }

    private string Text(int offset)
    {
        int end = Array.IndexOf(_strings, (byte)0, offset);
        return Encoding.UTF8.GetString(_strings, offset, end - offset);
    }
}
