using System.Net;
using CsCheck;
using KaTrace.Output;

namespace KaTrace.Tests.Output;

public sealed class AddressTextTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("255.255.255.255")]
    [InlineData("10.9.100.205")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1::1")]
    [InlineData("2001:db8::1:0:0:1")]
    [InlineData("fe80::abcd:ef01:2345:6789")]
    [InlineData("1:2:3:4:5:6:7:8")]
    [InlineData("0:2:3:4:5:6:7:0")]
    public void Text_is_in_the_canonical_form_of_RFC_5952(string text) =>
        Assert.Equal(text, AddressText.ToText(IPAddress.Parse(text).GetAddressBytes()));

    [Fact]
    public void Text_reads_back_as_the_same_address() =>
        Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16], Gen.Int[0, 3].Select(i => (byte)(i == 3 ? 1 : 0)).Array[16])
            .Sample(bytes => Assert.Equal(bytes, IPAddress.Parse(AddressText.ToText(bytes)).GetAddressBytes()));
}
