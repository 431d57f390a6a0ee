namespace KaTrace.Tests.Btf;

/// <summary><c>struct btf_type</c> and what follows it.</summary>
/// <param name="Kind">Which of them it is.</param>
/// <param name="Name">Empty if it has none.</param>
/// <param name="SizeOrType">Bytes, or the id of the type that it points at, renames or qualifies.</param>
/// <param name="Members">Of a struct, union or enum.</param>
/// <param name="Element">Of an array: the id of its type.</param>
/// <param name="Length">Of an array.</param>
internal sealed record BtfType(BtfKind Kind, string Name, int SizeOrType, BtfMember[] Members, int Element, int Length);
