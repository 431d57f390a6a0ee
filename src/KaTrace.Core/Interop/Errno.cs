namespace KaTrace.Interop;

internal static class Errno
{
    public static string Name(int errno) => errno.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
