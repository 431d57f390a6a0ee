using KaTrace.Events;

namespace KaTrace.Output;

/// <summary>One end of a connection in sentences: "10.0.0.5:6379", "[fd00::1]:6379"; "*:6379" where the address is any.</summary>
internal static class EndpointText
{
    public static string Of(EndpointView end)
    {
        string address = !end.Address.ContainsAnyExcept((byte)0) ? "*" : end.IsIPv4 ? AddressText.ToText(end.Address) : $"[{AddressText.ToText(end.Address)}]";
        return end.Port == 0 ? $"{address}:*" : $"{address}:{end.Port}";
    }
}
