namespace KaTrace.Filters;

/// <summary>A filter says something that cannot be; the message is one sentence that names the value.</summary>
internal sealed class FilterException(string message) : Exception(message);
