"""The stand-in for Adobe Experience Platform and Twilio Segment over real HTTP; it knows none of the product's code."""
