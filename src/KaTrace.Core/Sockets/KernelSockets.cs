using System.Globalization;
using KaTrace.Bpf;
using KaTrace.Events;
using KaTrace.Interop;

namespace KaTrace.Sockets;

/// <summary>The sockets of this kernel, by BPF iterators: of all network namespaces that can be reached, whether a process holds
/// them or not.</summary>
internal sealed class KernelSockets : IDisposable
{
    /// <summary>Inode of the initial pid namespace (PROC_PID_INIT_INO).</summary>
    private const string InitialPidNamespace = "pid:[4026531836]";

    private readonly BpfObject _bpf;
    private readonly BpfLink _tcp;
    private readonly BpfLink _files;

    private KernelSockets(BpfObject bpf)
    {
        _bpf = bpf;
        _tcp = bpf.Program("list_tcp").AttachIterator();
        _files = bpf.Program("list_files").AttachIterator();
    }

    /// <summary>Loads the iterators.</summary>
    /// <exception cref="BpfException">With a message for the user.</exception>
    public static KernelSockets Open()
    {
        try
        {
            return Open(BpfObjectImage.Sockets, hasCookieHelper: true);
        }
        catch (BpfException e) when (e.Errno != BpfAdvice.EPERM)
        {
            // Without bpf_rdonly_cast (before 6.2), and then without bpf_get_socket_cookie in iterators (before 5.12).
        }

        try
        {
            return Open(BpfObjectImage.SocketsPlain, hasCookieHelper: true);
        }
        catch (BpfException e) when (e.Errno != BpfAdvice.EPERM)
        {
            return Open(BpfObjectImage.SocketsPlain, hasCookieHelper: false);
        }
    }

    /// <summary>Reads all of them anew. Enters network namespaces, and so works on a thread of its own.</summary>
    /// <exception cref="BpfException">The kernel refused, or shows our own sockets other than they are.</exception>
    public SocketTable Read()
    {
        Task<SocketTable> reading = Task.Factory.StartNew(ReadHere, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        ((IAsyncResult)reading).AsyncWaitHandle.WaitOne(); // a task's own wait spins first, on a CPU that the reading may need
        return reading.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _files.Dispose();
        _tcp.Dispose();
        _bpf.Dispose();
    }

    /// <summary>Loads the iterators of one kind of kernel.</summary>
    /// <param name="image">Of <see cref="BpfObjectImage"/>.</param>
    /// <param name="hasCookieHelper">Iterators may call bpf_get_socket_cookie (Linux 5.12).</param>
    /// <exception cref="BpfException">This kernel does not take them.</exception>
    internal static KernelSockets Open(ReadOnlySpan<byte> image, bool hasCookieHelper)
    {
        BpfObject bpf = BpfObject.Open(image, "katrace_list"u8);
        try
        {
            bpf.Map(".rodata").SetInitialValue(new ListConfig { HasCookieHelper = hasCookieHelper ? (byte)1 : (byte)0 });
            bpf.Program("list_tcp").SetAutoload(true);
            bpf.Program("list_files").SetAutoload(true);
            bpf.Load();
            return new KernelSockets(bpf);
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    private SocketTable ReadHere()
    {
        using SocketProof proof = new();
        SocketTableBuilder builder = new(proof, SocketCount.Estimate());
        DateTimeOffset time = DateTimeOffset.UtcNow;
        IReadOnlyDictionary<uint, int> refused = NetworkNamespaces.Visit(netns =>
        {
            builder.BeginNamespace(netns);
            _tcp.RunIterator(builder.Add);
        });
        ReadDescriptors(builder, allSockets: false);
        if (builder.MissesSockets)
            ReadDescriptors(builder, allSockets: true);
        return builder.Build(new KernelClock(proof.Hz, new RealtimeOffset().Ns), time, Gaps(refused));
    }

    private void ReadDescriptors(SocketTableBuilder builder, bool allSockets)
    {
        _bpf.Map(".bss").Update(0u, new Listing { AllSockets = allSockets ? 1u : 0u });
        builder.BeginDescriptors();
        _files.RunIterator(builder.Add);
    }

    private static List<string> Gaps(IReadOnlyDictionary<uint, int> refused)
    {
        List<string> gaps = [];
        foreach ((uint netns, int errno) in refused)
        {
            gaps.Add(string.Create(CultureInfo.InvariantCulture,
                $"network namespace {netns} cannot be entered ({Errno.Name(errno)}): of its sockets only those are shown that a process holds"));
        }

        if (new FileInfo("/proc/self/ns/pid").LinkTarget != InitialPidNamespace)
            gaps.Add("katrace runs in a pid namespace of its own (a container): processes outside of it are not seen, and sockets that only they hold have no owner");
        return gaps;
    }
}
