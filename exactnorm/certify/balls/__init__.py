"""Evidence on noise balls: cells with multipliers, or dual matrices with their exact maximum face by face."""
