namespace KaTrace.Audit;

/// <summary>Something on the way that forgets a connection after it was silent for some time: a load balancer, NAT, firewall.</summary>
/// <param name="Name">As <c>--path-timeout</c> takes it.</param>
/// <param name="Timeout">Of silence.</param>
/// <param name="KeepaliveExtends">False where only data counts, and probes do not.</param>
/// <param name="About">What it is, in a few words.</param>
/// <param name="Source">Where the time is documented; null where the user gave it.</param>
/// <param name="AsOf">Since when it holds, or of when its source is, as such times change; null where the source does not say, or the user gave it.</param>
internal sealed record PathLimit(string Name, TimeSpan Timeout, bool KeepaliveExtends, string About, string? Source, string? AsOf)
{
    public static PathLimit Given(TimeSpan timeout) => new(Output.TimeText.Seconds(timeout), timeout, KeepaliveExtends: true, "as given", null, null);
}
