namespace KaTrace.Tests.Btf;

/// <summary>A field of a struct, or a value of an enum.</summary>
/// <param name="Name">As in C.</param>
/// <param name="Type">The id of its type; 0 in an enum.</param>
/// <param name="Value">Offset in bits, or the value.</param>
internal sealed record BtfMember(string Name, int Type, int Value);
