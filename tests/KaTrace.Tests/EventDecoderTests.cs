using KaTrace.Events;

namespace KaTrace.Tests;

public sealed class EventDecoderTests
{
    [Fact]
    public void A_frame_shorter_than_a_record_is_refused()
    {
        Assert.False(EventDecoder.TryDecode(new byte[167], out _));
    }
}
