"""The stand-in for Adobe Experience Platform over real HTTP; it knows none of the product's code."""
