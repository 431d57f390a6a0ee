using System.Globalization;

namespace KaTrace.Output;

/// <summary>Says how many: "1 connection", "1,204 connections".</summary>
internal static class CountText
{
    public static string Of(long count, string one) => Of(count, one, one + "s");

    public static string Of(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");
}
