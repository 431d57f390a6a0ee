namespace KaTrace.Knobs;

/// <summary>Says what to do, in one or two sentences.</summary>
internal static class KnobAdvice
{
    /// <summary>The preloaded library works on dynamically linked programs alone, as it stands before libc.</summary>
    public const string TurnOn = "turn SO_KEEPALIVE on in the program, or start it with LD_PRELOAD=libkeepalive.so (in vain if it is statically linked); the sysctls alone turn nothing on.";

    public const string SetTimes = "set TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT in the program, or net.ipv4.tcp_keepalive_time, _intvl and _probes of its network namespace, which hold for each that the socket has none of its own for.";

    public const string InPod = "net.ipv4.tcp_keepalive_time, _intvl and _probes are safe sysctls since Kubernetes 1.29: set them in securityContext.sysctls of the pod. See https://kubernetes.io/docs/reference/node/kernel-version-requirements/ (looked up 2026-11).";

    /// <param name="knob">Of the program; null if it is not known.</param>
    /// <param name="effect">What is wanted.</param>
    public static string Of(Knob? knob, KnobEffect effect)
    {
        string general = effect == KnobEffect.On ? TurnOn : SetTimes;
        if (knob is null)
            return general;
        if (knob.Changes.Contains(effect))
            return $"{knob.Name} ({knob.Program}): {knob.Set}. Default: {knob.Default}.{Note(knob)}";
        return knob.IsNone ? $"{knob.Program} has no setting for it: {knob.Set}. Else {general}" : $"{knob.Name} ({knob.Program}) does not set that: {general}";
    }

    private static string Note(Knob knob) => knob.Note is null ? "" : $" {knob.Note}";
}
