using KaTrace.Bpf;

namespace KaTrace.Hosts;

/// <summary>A host that can be looked at: the one of the kernel below, an agent's, a recorded one.</summary>
internal interface IHostSource : IDisposable
{
    /// <summary>Looks at all sockets anew.</summary>
    /// <param name="programs">Programs or descriptors will be asked for: what has to be sent before it is asked for is sent only then.</param>
    /// <exception cref="BpfException">The kernel cannot be asked.</exception>
    /// <exception cref="IOException">The host cannot be reached.</exception>
    /// <exception cref="InvalidDataException">What it says cannot be.</exception>
    IHostLook Look(bool programs);
}
