using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Events;
using KaTrace.Sockets;

namespace KaTrace.Tests.Sockets;

/// <summary>What the iterators write in two passes becomes one table, though sockets come and go between them.</summary>
public sealed class SocketTableBuilderTests : IDisposable
{
    private const uint Home = 1, Elsewhere = 2;

    private readonly SocketProof _proof = new();
    private readonly SocketTableBuilder _builder;

    public SocketTableBuilderTests()
    {
        _builder = new SocketTableBuilder(_proof);
        _builder.BeginNamespace(Home);
    }

    public void Dispose() => _proof.Dispose();

    [Fact]
    public void Holders_find_their_socket_and_stand_in_the_order_of_pids_once_a_process()
    {
        Add(Socket(sk: 1, cookie: 11), Socket(sk: 2, cookie: 12));
        _builder.BeginDescriptors();
        Add(Process(30, "b"), Holder(sk: 2, cookie: 12, fd: 7), Holder(sk: 2, cookie: 12, fd: 5), Holder(sk: 1, cookie: 11, fd: 9));
        Add(Process(20, "a"), Holder(sk: 2, cookie: 12, fd: 8));

        SocketTable table = Build();
        Assert.Equal(["b:9"], HoldersOf(table, 0));
        Assert.Equal(["a:8", "b:5"], HoldersOf(table, 1));
    }

    [Fact]
    public void A_socket_that_took_over_the_memory_of_a_listed_one_gives_it_no_owner()
    {
        Add(Socket(sk: 1, cookie: 11, ino: 111));
        _builder.BeginDescriptors();
        Add(Process(20, "other"), Holder(sk: 1, cookie: 12, fd: 3, ino: 112));

        SocketTable table = Build();
        Assert.Empty(HoldersOf(table, 0));
        Assert.False(_builder.MissesSockets);
    }

    [Fact]
    public void Without_cookies_the_inode_tells_whether_it_is_the_same_socket()
    {
        Add(Socket(sk: 1, cookie: 0, ino: 111), Socket(sk: 2, cookie: 0, ino: 0));
        _builder.BeginDescriptors();
        Add(Process(20, "a"), Holder(sk: 1, cookie: 0, fd: 3, ino: 111), Holder(sk: 1, cookie: 0, fd: 4, ino: 112), Holder(sk: 2, cookie: 0, fd: 5, ino: 113));

        SocketTable table = Build();
        Assert.Equal(["a:3"], HoldersOf(table, 0));
        Assert.Empty(HoldersOf(table, 1));
    }

    [Fact]
    public void A_connection_accepted_between_the_passes_is_its_holders()
    {
        Add(Socket(sk: 1, cookie: 11, ino: 0, flags: SocketFlags.Unaccepted));
        _builder.BeginDescriptors();
        Add(Process(20, "a"), Holder(sk: 1, cookie: 11, fd: 3, ino: 111));

        SocketTable table = Build();
        Assert.Equal(["a:3"], HoldersOf(table, 0));
        Assert.Equal((111ul, SocketFlags.None), (table.Rows[0].Ino, table.Rows[0].Flags));
    }

    [Fact]
    public void A_socket_that_the_kernel_shows_twice_is_one_row_and_its_memory_reused_another()
    {
        Add(Socket(sk: 1, cookie: 11), Socket(sk: 1, cookie: 11), Socket(sk: 1, cookie: 12));
        Add(Socket(sk: 2, cookie: 0, ino: 5), Socket(sk: 2, cookie: 0, ino: 5), Socket(sk: 2, cookie: 0, ino: 6));

        Assert.Equal([11ul, 12, 0, 0], Build().Rows.ToArray().Select(row => row.Cookie));
    }

    [Fact]
    public void A_holder_of_a_socket_where_nobody_looked_asks_for_a_pass_over_all_sockets()
    {
        Add(Socket(sk: 1, cookie: 11));
        _builder.BeginDescriptors();
        Add(Process(20, "a"), Holder(sk: 1, cookie: 11, fd: 3), Holder(sk: 7, cookie: 17, fd: 4, netns: Elsewhere));
        Assert.True(_builder.MissesSockets);

        _builder.BeginDescriptors();
        Add(Process(20, "a"), Socket(sk: 1, cookie: 11), Holder(sk: 1, cookie: 11, fd: 3), Socket(sk: 7, cookie: 17, netns: Elsewhere), Holder(sk: 7, cookie: 17, fd: 4, netns: Elsewhere));
        Assert.False(_builder.MissesSockets);
        SocketTable table = Build();
        Assert.Equal(["a:3"], HoldersOf(table, 0));
        Assert.Equal(["a:4"], HoldersOf(table, 1));
    }

    [Fact]
    public void The_holder_of_an_MPTCP_socket_holds_what_is_below_it()
    {
        Add(Socket(sk: 1, cookie: 11, ino: 0, flags: SocketFlags.Kernel));
        _builder.BeginDescriptors();
        Add(Process(20, "a"), Holder(sk: 1, cookie: 11, fd: -1, ino: 0));

        SocketTable table = Build();
        Assert.Equal(["a:-1"], HoldersOf(table, 0));
        Assert.Equal(SocketFlags.Kernel | SocketFlags.MptcpSubflow, table.Rows[0].Flags);
    }

    [Fact]
    public void A_pid_that_was_reused_during_the_pass_is_two_processes()
    {
        Add(Socket(sk: 1, cookie: 11), Socket(sk: 2, cookie: 12));
        _builder.BeginDescriptors();
        Add(Process(20, "old", startNs: 1), Holder(sk: 1, cookie: 11, fd: 3), Process(20, "new", startNs: 2), Holder(sk: 2, cookie: 12, fd: 3));

        SocketTable table = Build();
        Assert.Equal(["old:3"], HoldersOf(table, 0));
        Assert.Equal(["new:3"], HoldersOf(table, 1));
    }

    [Fact]
    public void Records_may_end_anywhere_in_a_read()
    {
        byte[] all = [.. Socket(sk: 1, cookie: 11), .. Process(20, "a"), .. Holder(sk: 1, cookie: 11, fd: 3)];
        for (int cut = 0; cut <= all.Length; cut++)
        {
            SocketTableBuilder builder = new(_proof);
            int taken = builder.Add(all.AsSpan(0, cut));
            Assert.InRange(taken, 0, cut);
            Assert.Equal(all.Length, taken + builder.Add(all.AsSpan(taken)));
            Assert.Equal(1, builder.Build(new KernelClock(Rows.Hz, 0), default, []).Rows[0].HolderCount);
        }
    }

    private static IEnumerable<string> HoldersOf(SocketTable table, int row) =>
        table.HoldersOf(in table.Rows[row]).ToArray().Select(holder => $"{table.Processes[holder.Process].Comm}:{holder.Fd}");

    private SocketTable Build() => _builder.Build(new KernelClock(Rows.Hz, 0), DateTimeOffset.UnixEpoch, []);

    private void Add(params byte[][] records)
    {
        byte[] all = [.. records.SelectMany(record => record)];
        Assert.Equal(all.Length, _builder.Add(all));
    }

    private static byte[] Socket(ulong sk, ulong cookie, ulong? ino = null, uint netns = Home, SocketFlags flags = SocketFlags.None) =>
        Record<SocketRecord>(SocketRecordKind.Socket, (nameof(SocketRecord.Sk), sk), (nameof(SocketRecord.Cookie), cookie), (nameof(SocketRecord.Ino), ino ?? sk * 100),
            (nameof(SocketRecord.Netns), netns), (nameof(SocketRecord.Flags), (ushort)flags), (nameof(SocketRecord.Family), (byte)2), (nameof(SocketRecord.State), (byte)TcpState.Established));

    private static byte[] Holder(ulong sk, ulong cookie, int fd, ulong? ino = null, uint netns = Home) =>
        Record<HolderRecord>(SocketRecordKind.Holder, (nameof(HolderRecord.Sk), sk), (nameof(HolderRecord.Cookie), cookie), (nameof(HolderRecord.Ino), ino ?? sk * 100),
            (nameof(HolderRecord.Netns), netns), (nameof(HolderRecord.Fd), fd));

    private static byte[] Process(uint tgid, string comm, ulong startNs = 1)
    {
        byte[] record = Record<ProcessRecord>(SocketRecordKind.Process, (nameof(ProcessRecord.Tgid), tgid), (nameof(ProcessRecord.StartNs), startNs));
        Encoding.UTF8.GetBytes(comm).CopyTo(record, 16);
        return record;
    }

    /// <summary>The fields are read-only, so they are set in a box.</summary>
    private static byte[] Record<T>(SocketRecordKind kind, params (string Field, object Value)[] fields)
        where T : unmanaged
    {
        object boxed = default(T);
        foreach ((string field, object value) in fields.Append(("Kind", kind)).Append(("Size", (ushort)Unsafe.SizeOf<T>())))
        {
            Type type = typeof(T).GetField(field)!.FieldType;
            typeof(T).GetField(field)!.SetValue(boxed, type.IsEnum ? Enum.ToObject(type, value) : value);
        }

        T record = (T)boxed;
        return MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)).ToArray();
    }
}
