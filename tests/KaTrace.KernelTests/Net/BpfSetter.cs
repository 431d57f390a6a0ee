using KaTrace.Bpf;

namespace KaTrace.KernelTests.Net;

/// <summary>BPF programs that set options themselves (bpf/setter.bpf.c).</summary>
internal sealed class BpfSetter : IDisposable
{
    private readonly BpfObject _object;
    private readonly BpfLink _link;

    private BpfSetter(string program, Globals globals)
    {
        using System.IO.Stream resource = typeof(BpfSetter).Assembly.GetManifestResourceStream("setter.bpf.o")!;
        byte[] image = new byte[resource.Length];
        resource.ReadExactly(image);
        _object = BpfObject.Open(image, "setter"u8);
        try
        {
            _object.Load();
            _object.Map(".bss").Update(0, globals);
            _link = _object.Program(program).AttachRootCgroup();
        }
        catch
        {
            _object.Dispose();
            throw;
        }
    }

    /// <summary>The client's side, as soon as it is connected.</summary>
    public static BpfSetter WhenConnected(int port) => new("established", new() { Active = (uint)port });

    /// <summary>The server's side, as soon as it is connected, before it is accepted.</summary>
    public static BpfSetter BeforeAccept(int port) => new("established", new() { Passive = (uint)port });

    /// <summary>The client's side, before it connects.</summary>
    public static BpfSetter BeforeConnect(int port) => new("connecting", new() { Connect = (uint)port });

    /// <summary>A TCP option that somebody sets to one value is set to another.</summary>
    public static BpfSetter Instead(int option, int asked, int set) =>
        new("instead", new() { OtherOption = (uint)option, AskedValue = (uint)asked, SetValue = (uint)set });

    public void Dispose()
    {
        _link.Dispose();
        _object.Dispose();
    }

    private struct Globals
    {
        public uint Active;
        public uint Passive;
        public uint Connect;
        public uint OtherOption;
        public uint AskedValue;
        public uint SetValue;
    }
}
